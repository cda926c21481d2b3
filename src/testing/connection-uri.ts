/** Where and as whom to connect. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** `mysql://user:password@host:port/database`. */
export function connectionUri({ host, port, user, password }: Login, database = ''): string {
  const login =
    password === ''
      ? encodeURIComponent(user)
      : `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `mysql://${login}@${host}:${port}/${encodeURIComponent(database)}`;
}
