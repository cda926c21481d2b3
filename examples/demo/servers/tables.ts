/** The tables of one server. Each server of the demo has its own, so that their ledgers can be told apart. */
export interface Tables {
  readonly account: string;
  readonly ledger: string;
}

/** @param prefix letters, digits and underscores. */
export function tablesOf(prefix: string): Tables {
  return { account: `${prefix}_account`, ledger: `${prefix}_ledger` };
}

/** The statements that create them. Amounts are in cents. */
export function definitionsOf({ account, ledger }: Tables): readonly string[] {
  return [
    `CREATE TABLE ${account} (
      id BIGINT AUTO_INCREMENT PRIMARY KEY,
      owner VARCHAR(255) NOT NULL,
      balance BIGINT NOT NULL
    ) ENGINE = InnoDB`,
    // No unique key on transfer_id, unlike in the examples: it would keep a transfer from being written twice,
    // and whether any is written twice is what the demo is to find out.
    `CREATE TABLE ${ledger} (
      id BIGINT AUTO_INCREMENT PRIMARY KEY,
      transfer_id VARCHAR(64) NOT NULL,
      from_id BIGINT NOT NULL,
      to_id BIGINT NOT NULL,
      amount BIGINT NOT NULL,
      KEY (from_id),
      KEY (to_id)
    ) ENGINE = InnoDB`,
  ];
}
