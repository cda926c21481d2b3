export type { Command, CommandName } from '../protocol/commands.js';
export type { Cut, CutAction, CutPoint, CutRule } from './cut-rule.js';
export type { Direction } from './direction.js';
export { FaultProxy, type FaultProxyOptions, type SilenceOptions } from './fault-proxy.js';
export type { ConnectionSelector, ProxyConnection } from './proxy-connection.js';
export type { Target } from './target.js';
