/** The time as MySQL writes it, with as many digits of a second as asked for, trailing zeros left out. */
export function dateTime(date: Date, digits = 0): string {
  const day = [pad(date.getFullYear(), 4), pad(date.getMonth() + 1), pad(date.getDate())].join('-');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => pad(n)).join(':');
  const fraction = pad(date.getMilliseconds(), 3).slice(0, digits).replace(/0+$/, '');
  return `${day} ${clock}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The same moment on a clock that is so many minutes ahead of Greenwich. */
export function atOffset(date: Date, minutes: number): Date {
  return new Date(date.getTime() + (date.getTimezoneOffset() + minutes) * 60_000);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  MICROSECOND: 0.001,
  SECOND: 1_000,
  MINUTE: 60_000,
  HOUR: 3_600_000,
  DAY: 86_400_000,
  WEEK: 604_800_000,
};
const UNIT_MONTHS: Readonly<Record<string, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 };

/** Whether `INTERVAL n unit` is understood. */
export function isUnit(unit: string): boolean {
  return unit in UNIT_MS || unit in UNIT_MONTHS;
}

/** A date with an interval added; null when it is no date. */
export function shifted(text: string, amount: number, unit: string): string | null {
  const date = new Date(text.length === 10 ? `${text}T00:00:00` : text.replace(' ', 'T'));
  if (Number.isNaN(date.getTime())) return null;
  const months = UNIT_MONTHS[unit];
  if (months !== undefined) addMonths(date, amount * months);
  else date.setTime(date.getTime() + amount * (UNIT_MS[unit] ?? 0));
  const result = dateTime(date, 3);
  const wholeDays = text.length === 10 && (months !== undefined || unit === 'DAY' || unit === 'WEEK');
  return wholeDays ? result.slice(0, 10) : result;
}

/** A month after the 31st is the last of the next month. */
function addMonths(date: Date, months: number): void {
  const day = date.getDate();
  date.setDate(1);
  date.setMonth(date.getMonth() + months);
  const lastDay = new Date(date.getFullYear(), date.getMonth() + 1, 0).getDate();
  date.setDate(Math.min(day, lastDay));
}

function pad(number: number, digits = 2): string {
  return String(number).padStart(digits, '0');
}
