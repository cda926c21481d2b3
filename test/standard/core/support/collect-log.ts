import { beforeEach, onTestFinished } from 'vitest';
import { type LogFields, type Logger, setLogger, stderrLogger } from '../../../../src/core/process/logger.js';

export interface LogLine {
  readonly level: keyof Logger;
  readonly fields: LogFields;
  readonly message: string;
}

/** Collects what is logged in each test of a file, instead of printing it. */
export function collectLog(): LogLine[] {
  const lines: LogLine[] = [];
  const at =
    (level: keyof Logger) =>
    (fields: LogFields, message: string): void => {
      lines.push({ level, fields, message });
    };
  const collecting: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  beforeEach(() => {
    lines.length = 0;
    setLogger(collecting);
    onTestFinished(() => setLogger(stderrLogger));
  });
  return lines;
}
