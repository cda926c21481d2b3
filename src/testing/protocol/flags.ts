/** What client and server tell each other they can do. */
export const CAPABILITIES = {
  LONG_PASSWORD: 1,
  FOUND_ROWS: 0x2,
  LONG_FLAG: 0x4,
  CONNECT_WITH_DB: 0x8,
  COMPRESS: 0x20,
  PROTOCOL_41: 0x200,
  SSL: 0x800,
  TRANSACTIONS: 0x2000,
  SECURE_CONNECTION: 0x8000,
  MULTI_STATEMENTS: 0x10000,
  MULTI_RESULTS: 0x20000,
  PS_MULTI_RESULTS: 0x40000,
  PLUGIN_AUTH: 0x80000,
  CONNECT_ATTRS: 0x100000,
  PLUGIN_AUTH_LENENC_CLIENT_DATA: 0x200000,
  SESSION_TRACK: 0x800000,
  ZSTD: 0x4000000,
} as const;

/** What a server says of a session in its replies. */
export const STATUS = {
  IN_TRANS: 1,
  AUTOCOMMIT: 0x2,
  MORE_RESULTS: 0x8,
  IN_TRANS_READONLY: 0x2000,
  SESSION_STATE_CHANGED: 0x4000,
} as const;

/** The first byte of a reply, or of a packet of the handshake. */
export const MARKERS = { OK: 0x00, AUTH_SWITCH: 0xfe, EOF: 0xfe, ERROR: 0xff } as const;
