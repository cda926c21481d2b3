/** Which way bytes go: from the client to the server, or back. */
export type Direction = 'to-server' | 'to-client';
