import { type Metadata, ServerInterceptingCall, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { type Call, openCall, settleOpened } from '../../core/call/index.js';
import { Status } from '../../errors/index.js';
import { Attempt, type Reply } from './attempt.js';
import { underDeadline, whyCallerLeft } from './deadline.js';
import { errorBehind } from './error-behind.js';
import { isMetadata, type PassedStatus } from './grpc-status.js';
import { idempotencyKeyIn } from './kept-reply.js';
import type { MethodPlan } from './method-plan.js';
import { guarded } from './run-in-call.js';
import { statusOf } from './status-of.js';

/**
 * `waiting`: the request is not complete, or no handler runs yet. `open`: the call runs. `over`: a status was
 * sent; what arrives now is dropped.
 */
type State =
  | { readonly phase: 'waiting' }
  | { readonly phase: 'open'; readonly call: Call; attempt: Attempt | undefined }
  | { readonly phase: 'over' };

/** grpc-js would throw in the middle of the reply, and the client would wait for ever. */
const NO_TRAILERS = 'the trailers are no Metadata: end() takes them, and not a last message';
/** Its stream was ended, where an answer was due: the client would be told of success. */
const NO_ANSWER = 'the handler ended the call without an answer';

/**
 * A gRPC call that runs as a call of the engine. A handler starts when the request is complete, or at once
 * when requests are a stream; everything that reaches it from then on runs in the call's scope. The answer is
 * held until the engine says that the call went well: only then is it known that nothing has to be repeated.
 */
export class FreshCall extends ServerInterceptingCall {
  readonly #plan: MethodPlan;
  readonly #watched: boolean;
  #state: State = { phase: 'waiting' };
  #received: Metadata | undefined;
  #request: unknown;

  /** @param watched whether the handler's errors are seen (raw-handler.ts). */
  constructor(next: ServerInterceptingCallInterface, plan: MethodPlan, watched: boolean) {
    super(next);
    this.#plan = plan;
    this.#watched = watched;
  }

  /** The attempt that runs now; raw-handler.ts looks for it. */
  get runningAttempt(): Attempt | undefined {
    return this.#state.phase === 'open' ? this.#state.attempt : undefined;
  }

  override start(listener: Parameters<ServerInterceptingCall['start']>[0]): void {
    const { requestStream } = this.#plan;
    super.start({
      onReceiveMetadata: (metadata) => {
        this.#received = metadata;
        if (requestStream) this.#open(() => listener.onReceiveMetadata(metadata));
        else listener.onReceiveMetadata(metadata);
      },
      onReceiveMessage: (message) => {
        if (!requestStream) this.#request = message;
        this.#enter(() => listener.onReceiveMessage(message));
      },
      onReceiveHalfClose: () => {
        if (requestStream) this.#enter(() => listener.onReceiveHalfClose());
        // A repeat tells grpc-js once more that the request is complete: it calls the handler again.
        else this.#open(() => listener.onReceiveHalfClose());
      },
      onCancel: () => {
        // grpc-js reports the end of every call as a cancellation, that of a successful one too.
        if (this.#state.phase === 'open') this.#state.call.abort(whyCallerLeft(this.getDeadline()));
        this.#enter(() => listener.onCancel());
      },
    });
  }

  override sendMetadata(metadata: Metadata): void {
    if (this.#state.phase === 'waiting') return super.sendMetadata(metadata);
    const attempt = this.#speaker();
    if (attempt === undefined) return;
    if (this.#holdsMetadata()) attempt.metadata ??= metadata;
    else super.sendMetadata(metadata);
  }

  // biome-ignore lint/suspicious/noExplicitAny: the signature of the method that is overridden
  override sendMessage(message: any, callback: () => void): void {
    if (this.#state.phase === 'waiting') return super.sendMessage(message, callback);
    const attempt = this.#speaker();
    if (attempt === undefined) return;
    if (this.#plan.responseStream) {
      this.#reply(attempt);
      return super.sendMessage(message, () => attempt.enter(callback));
    }
    attempt.message ??= { value: message };
    callback();
  }

  override sendStatus(status: PassedStatus): void {
    if (this.#state.phase === 'waiting') return this.#end(status);
    const attempt = this.#speaker();
    if (attempt === undefined) return;
    const { code, metadata = null } = status;
    if (metadata !== null && !isMetadata(metadata)) attempt.fail(new TypeError(NO_TRAILERS));
    else if (code === Status.OK && this.#lacksAnswer(attempt)) attempt.fail(new TypeError(NO_ANSWER));
    else if (code === Status.OK) attempt.answer(status);
    else attempt.fail(errorBehind(status, attempt, this.#watched));
  }

  /** The attempt that is heard: a stray of an earlier one, or of one that is over, is not. */
  #speaker(): Attempt | undefined {
    const running = this.runningAttempt;
    if (running === undefined || running.settled) return undefined;
    const speaking = Attempt.current();
    return speaking?.owner === this && speaking !== running ? undefined : running;
  }

  /**
   * A retryPolicy of the client works only while it has seen no metadata, and so does a repeat here. The client
   * of a stream that is not repeated may wait for it.
   */
  #holdsMetadata(): boolean {
    const { requestStream, responseStream, options } = this.#plan;
    return !requestStream && (!responseStream || options.idempotent);
  }

  /** The first message of a stream leaves, and with it what was held back: from here on nothing is repeated. */
  #reply(attempt: Attempt): void {
    if (this.#state.phase === 'open') this.#state.call.noteReply();
    if (attempt.metadata === undefined) return;
    super.sendMetadata(attempt.metadata);
    attempt.metadata = undefined;
  }

  #lacksAnswer({ message }: Attempt): boolean {
    return !this.#plan.responseStream && message === undefined;
  }

  #enter(run: () => void): void {
    const attempt = this.runningAttempt;
    if (attempt === undefined) run();
    else attempt.enter(run);
  }

  /** @param begin starts the handler. */
  #open(begin: () => void): void {
    const options = underDeadline(this.#plan.options, this.getDeadline());
    const call = openCall(this.#plan.name, options, {
      cancellable: true,
      args: [this.#request],
      idempotencyKey: this.#received && idempotencyKeyIn(this.#received),
    });
    const state: State = { phase: 'open', call, attempt: undefined };
    this.#state = state;
    const work = (): Promise<Reply> =>
      new Promise((resolve, reject) => {
        const attempt = new Attempt(this, call, { resolve, reject });
        state.attempt = attempt;
        attempt.enter(begin);
      });
    const { done, failed } = guarded(call, {
      done: (reply: Reply) => this.#release(reply),
      failed: (error) => this.#end(statusOf(error)),
    });
    settleOpened(call, options, work, done, failed);
  }

  #release({ metadata, message, status }: Reply): void {
    this.#state = { phase: 'over' };
    if (metadata !== undefined) super.sendMetadata(metadata);
    if (message === undefined) super.sendStatus(status);
    else super.sendMessage(message.value, () => super.sendStatus(status));
  }

  #end(status: PassedStatus): void {
    this.#state = { phase: 'over' };
    super.sendStatus(status);
  }
}
