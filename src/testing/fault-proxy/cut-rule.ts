import { LONGEST_TIMER_MS } from '../longest-timer.js';
import { COMMANDS, type CommandName } from '../protocol/commands.js';
import type { PacketPlace } from './conversation.js';
import type { Direction } from './direction.js';
import type { ProxyConnection } from './proxy-connection.js';

/** What happens to a connection that is cut. */
export type CutAction = 'reset' | 'fin' | 'silence' | { readonly delayMs: number };

/** The packet at which a connection is cut. */
export type CutPoint =
  | {
      /** The nth packet after the handshake in the rule's direction, from 1, of each connection. */
      readonly packet: number;
    }
  | {
      /**
       * The packet that begins this command; for `to-client`, the first packet of the reply to it. By
       * number for a command that has no name here.
       */
      readonly command: CommandName | number;
      /** Of these statements only; meaningful for COM_QUERY and COM_STMT_PREPARE. */
      readonly sql?: RegExp;
    };

/** Where, when and how {@link FaultProxy.cut} cuts a connection. */
export interface CutRule {
  readonly direction: Direction;
  readonly at: CutPoint;
  /** `before`: the packet is not forwarded any more; `after`: it is, and nothing after it. */
  readonly when: 'before' | 'after';
  /**
   * `reset`, `fin` and `silence` do what the methods of that name do to one connection. `{ delayMs }`
   * delays the packet (`before`) or what comes after it (`after`), and all later bytes stay behind it.
   */
  readonly how: CutAction;
  /** How often the rule applies before it is used up; default 1, `Infinity` for always. */
  readonly times?: number;
  /** Limits the rule to connections for which it returns true. */
  readonly connections?: (connection: ProxyConnection) => boolean;
}

/** A rule at work. */
export interface Cut {
  /** How often the rule has applied. */
  readonly hits: number;
  /** Resolves to the first connection that is cut. Pending for ever when none ever is. */
  readonly hit: Promise<ProxyConnection>;
  /** Takes the rule back. */
  remove(): void;
}

/** Keeps the rule's score. */
export class ActiveCut implements Cut {
  readonly rule: CutRule;
  readonly hit: Promise<ProxyConnection>;
  readonly #remove: (cut: ActiveCut) => void;
  #resolve: (connection: ProxyConnection) => void = () => {};
  #hits = 0;
  #left: number;

  constructor(rule: CutRule, remove: (cut: ActiveCut) => void) {
    this.rule = checked(rule);
    this.#left = rule.times ?? 1;
    this.#remove = remove;
    this.hit = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get hits(): number {
    return this.#hits;
  }

  /** Whether the rule applies to this packet; if so, one of its times is used up. */
  claim(place: PacketPlace, connection: ProxyConnection): boolean {
    if (this.rule.direction !== place.direction || !isAt(this.rule.at, place)) return false;
    if (this.rule.connections && !this.rule.connections(connection)) return false;
    this.#left -= 1;
    if (this.#left <= 0) this.remove();
    return true;
  }

  /** The rule was carried out. */
  count(connection: ProxyConnection): void {
    this.#hits += 1;
    this.#resolve(connection);
  }

  remove(): void {
    this.#remove(this);
  }
}

function isAt(point: CutPoint, place: PacketPlace): boolean {
  if ('packet' in point) return place.index === point.packet;
  if (!place.begins || place.begins.code !== commandCode(point.command)) return false;
  if (!point.sql) return true;
  // A pattern with the flag `g` or `y` remembers where it stopped.
  point.sql.lastIndex = 0;
  return point.sql.test(place.begins.sql ?? '');
}

function commandCode(command: CommandName | number): number {
  return typeof command === 'number' ? command : COMMANDS[command];
}

function checked(rule: CutRule): CutRule {
  const { at, how, times = 1 } = rule;
  if ('packet' in at && !(Number.isInteger(at.packet) && at.packet >= 1)) {
    throw new RangeError(`at.packet must be a whole number from 1, not ${at.packet}`);
  }
  if (typeof how === 'object' && !(how.delayMs >= 0 && how.delayMs <= LONGEST_TIMER_MS)) {
    throw new RangeError(`how.delayMs must be a number from 0, not ${how.delayMs}`);
  }
  if (!(times >= 1)) throw new RangeError(`times must be a number from 1, not ${times}`);
  return rule;
}
