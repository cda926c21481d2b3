import { MAX_PACKET_BYTES } from '../wire/packet-channel.js';

/** A system variable. */
export interface VariableDefinition {
  readonly value: string | number | boolean;
  /** Where it can be set; `both`: a session takes the global value over when it begins. */
  readonly scope: 'global' | 'session' | 'both';
  readonly readOnly?: boolean;
  /** Of a number. */
  readonly least?: number;
}

const both = (value: VariableDefinition['value'], least?: number): VariableDefinition => ({
  value,
  scope: 'both',
  ...(least === undefined ? {} : { least }),
});
const global = (value: VariableDefinition['value']): VariableDefinition => ({ value, scope: 'global' });
const fixed = (value: VariableDefinition['value']): VariableDefinition => ({
  value,
  scope: 'global',
  readOnly: true,
});

const CHARSET = both('utf8mb4');
const COLLATION = both('utf8mb4_general_ci');
const EIGHT_HOURS_S = 28_800;

/** The system variables there are. Only some of them have an effect, see {@link EmbeddedServer}. */
export const VARIABLES: Readonly<Record<string, VariableDefinition>> = {
  auto_increment_increment: both(1, 1),
  auto_increment_offset: both(1, 1),
  autocommit: both(true),
  character_set_client: CHARSET,
  character_set_connection: CHARSET,
  character_set_database: CHARSET,
  character_set_results: CHARSET,
  character_set_server: CHARSET,
  collation_connection: COLLATION,
  collation_database: COLLATION,
  collation_server: COLLATION,
  datadir: fixed('/'),
  default_storage_engine: both('InnoDB'),
  event_scheduler: global('OFF'),
  foreign_key_checks: both(true),
  group_concat_max_len: both(1024, 4),
  have_ssl: fixed('DISABLED'),
  hostname: fixed('localhost'),
  init_connect: global(''),
  innodb_lock_wait_timeout: both(50, 1),
  innodb_rollback_on_timeout: fixed(false),
  interactive_timeout: both(EIGHT_HOURS_S, 1),
  lc_messages: both('en_US'),
  license: fixed('MIT'),
  lock_wait_timeout: both(31_536_000, 1),
  lower_case_table_names: fixed(0),
  max_allowed_packet: { ...both(MAX_PACKET_BYTES), readOnly: true },
  max_connections: global(151),
  max_execution_time: both(0, 0),
  max_user_connections: both(0, 0),
  net_buffer_length: both(16_384),
  net_read_timeout: both(30, 1),
  net_write_timeout: both(60, 1),
  pid_file: fixed(''),
  port: fixed(0),
  protocol_version: fixed(10),
  pseudo_thread_id: { value: 0, scope: 'session', readOnly: true },
  read_only: global(false),
  server_id: global(1),
  server_uuid: fixed(''),
  session_track_schema: both(true),
  session_track_state_change: both(false),
  session_track_system_variables: both(
    'time_zone,autocommit,character_set_client,character_set_results,character_set_connection',
  ),
  session_track_transaction_info: both('OFF'),
  socket: fixed(''),
  sql_auto_is_null: both(false),
  sql_mode: both('STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO'),
  sql_notes: both(true),
  sql_safe_updates: both(false),
  sql_select_limit: both(2 ** 53),
  super_read_only: global(false),
  system_time_zone: fixed('SYSTEM'),
  time_zone: both('SYSTEM'),
  transaction_isolation: both('REPEATABLE-READ'),
  transaction_read_only: both(false),
  unique_checks: both(true),
  version: fixed(''),
  version_comment: fixed('fresh-connections embedded server'),
  version_compile_os: fixed('wasm'),
  wait_timeout: both(EIGHT_HOURS_S, 1),
};

/** Names that MariaDB and older servers use. */
export const VARIABLE_ALIASES: Readonly<Record<string, string>> = {
  storage_engine: 'default_storage_engine',
  tx_isolation: 'transaction_isolation',
  tx_read_only: 'transaction_read_only',
};
