import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel';
import type { Call } from './call.js';

/** What subscribers of the tracing channel `fresh-connections:call` are given. */
export interface CallTrace {
  readonly call: Call;
}

const channel: TracingChannel<CallTrace, CallTrace> = tracingChannel('fresh-connections:call');

/** Whether anybody listens. */
export function isTraced(): boolean {
  return (
    channel.start.hasSubscribers ||
    channel.end.hasSubscribers ||
    channel.asyncStart.hasSubscribers ||
    channel.asyncEnd.hasSubscribers ||
    channel.error.hasSubscribers
  );
}

/** Runs a call through the tracing channel. */
export function traced<T>(call: Call, run: () => Promise<T>): Promise<T> {
  return channel.tracePromise(run, { call });
}
