import { randomUUID } from 'node:crypto';
import {
  type FailureStatus,
  Reason,
  type ReasonCode,
  recordFailure,
  ServiceException,
} from '../../errors/index.js';
import { MAX_TIMER_MS, now } from '../process/clock.js';
import { Budget } from '../repair/budget.js';

/** A connection lent to a call, as the call sees it. */
export interface Checkout {
  /** The resource's name. */
  readonly resource: string;
  /** Where it was taken, if that was captured. */
  readonly stack: string | undefined;
  /** Takes the connection back: its holder can use it no more. */
  reclaim(): void;
}

/** What a call is opened with. */
export interface CallInit {
  readonly method: string;
  readonly parent?: Call | undefined;
  readonly idempotent?: boolean;
  readonly timeoutMs?: number | undefined;
  readonly maxAttempts?: number | undefined;
  /** The caller's cancellation. */
  readonly signal?: AbortSignal | undefined;
  /** What the handler was called with; kept only where it is asked for. */
  readonly args?: readonly unknown[] | undefined;
  /** The client's idempotency key, where the protocol carries one. */
  readonly idempotencyKey?: string | undefined;
  /** Whether whoever opens the call may abort it by {@link Call.abort}. Default: only what is above may. */
  readonly cancellable?: boolean | undefined;
}

/**
 * One invocation of a handler: its method, deadline, cancellation, budget and checkouts. A decorated method
 * that runs inside another call gets a call of its own, which shares the budget of the outer one and can only
 * narrow its deadline.
 */
export class Call {
  /** The handler's name, for logs and traces. */
  readonly method: string;
  /** The call around this one. */
  readonly parent: Call | undefined;
  /** The outermost call; itself when there is none around it. */
  readonly root: Call;
  /** Whether the handler was declared idempotent. */
  readonly idempotent: boolean;
  /** On the monotonic clock, in milliseconds; `Infinity` for none. */
  readonly deadlineAt: number;
  readonly budget: Budget;
  /** Whether anything may abort it: a deadline, or a caller that can cancel. */
  readonly canAbort: boolean;
  /** On the monotonic clock, in milliseconds. */
  readonly startedAt: number;
  /** What the handler was called with, where its options ask for it. */
  readonly args: readonly unknown[];
  /** The client's idempotency key, where the protocol carries one. */
  readonly idempotencyKey: string | undefined;

  #id: string | undefined;
  #aborted: ServiceException | undefined;
  #controller: AbortController | undefined;
  #listeners: Set<(reason: ServiceException) => void> | undefined;
  #checkouts: Set<Checkout> | undefined;
  /** How many effects were noted in this call and those inside it. */
  #effects = 0;
  #replied = false;
  #timer: NodeJS.Timeout | undefined;
  #detach: (() => void) | undefined;

  constructor(init: CallInit) {
    const { parent, timeoutMs = Number.POSITIVE_INFINITY } = init;
    this.method = init.method;
    this.parent = parent;
    this.root = parent === undefined ? this : parent.root;
    this.idempotent = init.idempotent ?? false;
    this.args = init.args ?? NO_ARGS;
    this.idempotencyKey = init.idempotencyKey ?? parent?.idempotencyKey;
    this.startedAt = now();
    this.deadlineAt = Math.min(this.startedAt + timeoutMs, parent?.deadlineAt ?? Number.POSITIVE_INFINITY);
    this.budget = parent?.budget ?? new Budget(init.maxAttempts);
    this.canAbort =
      parent?.canAbort === true ||
      init.cancellable === true ||
      init.signal !== undefined ||
      timeoutMs !== Number.POSITIVE_INFINITY;
    if (parent?.canAbort === true) this.#follow(parent);
    if (init.signal !== undefined) this.#obey(init.signal);
    if (this.deadlineAt < (parent?.deadlineAt ?? Number.POSITIVE_INFINITY)) this.#arm();
  }

  /** Unique to the outermost call; a client finds it in a failure, the log holds the cause under it. */
  get id(): string {
    if (this.root !== this) return this.root.id;
    this.#id ??= randomUUID();
    return this.#id;
  }

  /** What the call was aborted with: DEADLINE_EXCEEDED or CANCELLED. */
  get aborted(): ServiceException | undefined {
    return this.#aborted;
  }

  /** Fires on the caller's cancellation and on the deadline, and only then. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  /** Milliseconds until the deadline, never negative; `Infinity` for none. */
  get remainingMs(): number {
    return Math.max(0, this.deadlineAt - now());
  }

  /** Whether the call has had an effect, or may have had one, that no rollback took back. */
  get hadEffect(): boolean {
    return this.root.#effects > 0;
  }

  /** Whether there were effects that are no part of this call: what it declares of itself says nothing of them. */
  get hadEffectOutside(): boolean {
    return this.root.#effects > this.#effects;
  }

  /** Noted by a resource when a write took effect, or when its outcome is unknown. */
  noteEffect(): void {
    for (let call: Call | undefined = this; call !== undefined; call = call.parent) call.#effects += 1;
  }

  /** Whether a part of the reply has left: then the handler is not run again as a whole. */
  get replied(): boolean {
    return this.root.#replied;
  }

  /** Noted by a face when the first message of a stream leaves. */
  noteReply(): void {
    this.root.#replied = true;
  }

  /** Ends the call for its holder: waits are given up, running statements are stopped. */
  abort(reason: ServiceException): void {
    if (this.#aborted !== undefined) return;
    this.#aborted = reason;
    for (const listener of this.#listeners ?? []) listener(reason);
    this.#listeners = undefined;
    this.#controller?.abort(reason);
  }

  /** Runs a listener when the call is aborted; returns its removal. */
  onAbort(listener: (reason: ServiceException) => void): () => void {
    this.#listeners ??= new Set();
    const listeners = this.#listeners;
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Registers a connection that is lent to this call; returns the removal. */
  lend(checkout: Checkout): () => void {
    this.#checkouts ??= new Set();
    this.#checkouts.add(checkout);
    // A finished inner call hands its checkouts to the outer one: look for the holder at removal.
    return () => {
      for (let call: Call | undefined = this; call !== undefined; call = call.parent) {
        call.#checkouts?.delete(checkout);
      }
    };
  }

  /** The connections that are lent to this call and not released. */
  takeCheckouts(): readonly Checkout[] {
    if (this.#checkouts === undefined || this.#checkouts.size === 0) return NO_CHECKOUTS;
    const left = [...this.#checkouts];
    this.#checkouts.clear();
    return left;
  }

  /** Ends timers and listeners. A call that went well hands its checkouts to the call around it. */
  finish(): void {
    clearTimeout(this.#timer);
    this.#detach?.();
    this.#detach = undefined;
    if (this.parent === undefined || this.#checkouts === undefined) return;
    this.parent.#checkouts ??= new Set();
    for (const checkout of this.#checkouts) this.parent.#checkouts.add(checkout);
    this.#checkouts.clear();
  }

  #follow(parent: Call): void {
    if (parent.aborted !== undefined) this.#aborted = parent.aborted;
    else this.#detach = parent.onAbort((reason) => this.abort(reason));
  }

  #obey(signal: AbortSignal): void {
    const cancel = (): void => this.abort(cancelled());
    if (signal.aborted) return cancel();
    const detach = this.#detach;
    signal.addEventListener('abort', cancel, { once: true });
    this.#detach = () => {
      detach?.();
      signal.removeEventListener('abort', cancel);
    };
  }

  #arm(): void {
    const ms = this.deadlineAt - this.startedAt;
    if (ms <= 0) return this.abort(deadlineExceeded());
    if (ms > MAX_TIMER_MS) return;
    this.#timer = setTimeout(() => this.abort(deadlineExceeded()), ms);
    this.#timer.unref();
  }
}

const NO_ARGS: readonly unknown[] = [];
const NO_CHECKOUTS: readonly Checkout[] = [];

/** What a caller is told whose deadline passed. */
export function deadlineExceeded(): ServiceException {
  return ended('DEADLINE_EXCEEDED', Reason.DEADLINE_EXCEEDED, 'the deadline of the call passed');
}

/** What a caller would be told who cancelled. */
export function cancelled(): ServiceException {
  return ended('CANCELLED', Reason.CANCELLED, 'the call was cancelled');
}

function ended(status: FailureStatus, reason: ReasonCode, message: string): ServiceException {
  const failure = { status, reason, outcome: 'none', transient: false, fatal: false } as const;
  return recordFailure(new ServiceException(status, message, { reason }), failure);
}
