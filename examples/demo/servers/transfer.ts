import type { RowDataPacket } from 'mysql2/promise';

/** What a client asks to be moved. */
export interface Transfer {
  readonly from: number;
  readonly to: number;
  /** In cents. */
  readonly amount: number;
  /** Made up by the client. */
  readonly transferId: string;
}

/** A transfer as one of its two accounts sees it. */
export interface Movement {
  readonly transferId: string;
  /** The other account. */
  readonly counterpart: number;
  /** In cents. Positive: received. Negative: sent. */
  readonly amount: number;
}

/** Rows of the ledger as the movements of an account. */
export function movementsOf(account: number, rows: readonly RowDataPacket[]): readonly Movement[] {
  return rows.map(({ transfer_id: transferId, from_id: from, to_id: to, amount }) =>
    from === account
      ? { transferId, counterpart: to, amount: -amount }
      : { transferId, counterpart: from, amount },
  );
}
