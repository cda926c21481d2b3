import { afterEach, beforeEach } from 'vitest';
import {
  type LogFields,
  type Logger,
  setLogger,
  stderrLogger,
} from '../../../../../src/core/process/logger.js';

/** A line that was logged. */
export interface LogLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: LogFields;
}

/** Collects what each test of the file logs, instead of writing it. */
export function collectLogs(): readonly LogLine[] {
  const lines: LogLine[] = [];
  const at = (level: keyof Logger) => (fields: LogFields, message: string) => {
    lines.push({ level, fields, message });
  };
  beforeEach(() => {
    lines.length = 0;
    setLogger({ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') });
  });
  afterEach(() => setLogger(stderrLogger));
  return lines;
}
