import type { Value } from '../column.js';
import { errors, MysqlError } from '../mysql-error.js';
import { VARIABLE_ALIASES, VARIABLES, type VariableDefinition } from './variable-table.js';

type Setting = VariableDefinition['value'];

/** The global values, which sessions begin with. */
export class GlobalVariables {
  readonly #values: Map<string, Setting>;

  constructor(initial: Readonly<Record<string, Setting>>) {
    this.#values = new Map(Object.entries(VARIABLES).map(([name, { value }]) => [name, value]));
    for (const [name, value] of Object.entries(initial)) this.#values.set(name, value);
  }

  /** All of them, by name. */
  entries(): [string, Setting][] {
    return [...this.#values];
  }

  get(name: string): Setting {
    const value = this.#values.get(canonical(name));
    if (value === undefined) throw errors.unknownVariable(name);
    return value;
  }

  number(name: string): number {
    return Number(this.get(name));
  }

  /** Sets a global value; undefined for the default. */
  set(name: string, value: Value | undefined): void {
    const definition = changeable(name);
    if (definition.scope === 'session') {
      throw new MysqlError(
        1228,
        'HY000',
        `Variable '${name}' is a SESSION variable and can't be used with SET GLOBAL`,
      );
    }
    this.#values.set(
      canonical(name),
      value === undefined ? definition.value : converted(name, definition, value),
    );
  }
}

/** The values of one session. */
export class SessionVariables {
  readonly #global: GlobalVariables;
  readonly #values: Map<string, Setting>;

  constructor(global: GlobalVariables, threadId: number) {
    this.#global = global;
    this.#values = new Map(global.entries().filter(([name]) => VARIABLES[name]?.scope !== 'global'));
    this.#values.set('pseudo_thread_id', threadId);
  }

  /** The session's own value, or the global one of a variable that sessions don't have. */
  get(name: string): Setting {
    return this.#values.get(canonical(name)) ?? this.#global.get(name);
  }

  number(name: string): number {
    return Number(this.get(name));
  }

  /** Sets a value; undefined for the global one. Returns it as it was taken. */
  set(name: string, value: Value | undefined): Setting {
    const definition = changeable(name);
    if (definition.scope === 'global') {
      throw new MysqlError(
        1229,
        'HY000',
        `Variable '${name}' is a GLOBAL variable and should be set with SET GLOBAL`,
      );
    }
    const taken = value === undefined ? this.#global.get(name) : converted(name, definition, value);
    this.#values.set(canonical(name), taken);
    return taken;
  }
}

/** A setting as a query sees it. */
export function settingValue(setting: Setting): Value {
  if (typeof setting === 'string') return setting;
  return Number.isInteger(Number(setting)) ? BigInt(setting) : Number(setting);
}

/** A setting as SHOW VARIABLES and session tracking show it. */
export function settingText(setting: Setting): string {
  if (typeof setting === 'boolean') return setting ? 'ON' : 'OFF';
  return String(setting);
}

function canonical(name: string): string {
  return VARIABLE_ALIASES[name] ?? name;
}

function changeable(name: string): VariableDefinition {
  const definition = VARIABLES[canonical(name)];
  if (!definition) throw errors.unknownVariable(name);
  if (definition.readOnly) throw new MysqlError(1238, 'HY000', `Variable '${name}' is a read only variable`);
  return definition;
}

function converted(name: string, { value: initial, least }: VariableDefinition, value: Value): Setting {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
  if (typeof initial === 'boolean') {
    if (/^(1|on|true)$/i.test(text)) return true;
    if (/^(0|off|false)$/i.test(text)) return false;
    throw new MysqlError(1231, '42000', `Variable '${name}' can't be set to the value of '${text}'`);
  }
  if (typeof initial === 'string') return value === null ? '' : text;
  if (typeof value === 'string' || value === null || Number.isNaN(Number(text))) {
    throw new MysqlError(1232, '42000', `Incorrect argument type to variable '${name}'`);
  }
  // What is too small is raised, with a warning, not refused.
  return Math.max(Number(text), least ?? 0);
}
