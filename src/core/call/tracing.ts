import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel';
import type { Call } from './call.js';

/** What subscribers of the tracing channel `fresh-connections:call` are given. */
export interface CallTrace {
  readonly call: Call;
}

const channel: TracingChannel<CallTrace, CallTrace> = tracingChannel('fresh-connections:call');

/** Runs a call through the tracing channel; without subscribers at no cost. */
export function traced<T>(call: Call, run: () => Promise<T>): Promise<T> {
  const heard =
    channel.start.hasSubscribers ||
    channel.end.hasSubscribers ||
    channel.asyncStart.hasSubscribers ||
    channel.asyncEnd.hasSubscribers ||
    channel.error.hasSubscribers;
  return heard ? channel.tracePromise(run, { call }) : run();
}
