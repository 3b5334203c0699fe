/** Thrown for an expression that is not one of the five-field subset, or that names no date at all. */
export class InvalidCron extends Error {
  constructor(detail: string) {
    super(`invalid cron expression: ${detail}`);
    this.name = "InvalidCron";
  }
}

type Field = { name: string; min: number; max: number; words: readonly string[] };

const MINUTE: Field = { name: "minute", min: 0, max: 59, words: [] };
const HOUR: Field = { name: "hour", min: 0, max: 23, words: [] };
const DAY: Field = { name: "day of month", min: 1, max: 31, words: [] };
const MONTH: Field = {
  name: "month",
  min: 1,
  max: 12,
  words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
/** Sunday is 0 and also 7. */
const WEEKDAY: Field = {
  name: "day of week",
  min: 0,
  max: 7,
  words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

const MINUTE_MS = 60_000;
const YEARS_SEARCHED_MAX = 5;
const HOURS_SEARCHED_MAX = YEARS_SEARCHED_MAX * 366 * 24;

type Moment = { minute: number; hour: number; day: number; month: number; weekday: number };

export type Cron = {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  months: ReadonlySet<number>;
  matchesDay: (moment: Moment) => boolean;
  momentOf: (time: number) => Moment;
};

/**
 * Reads `minute hour day-of-month month day-of-week`, optionally after `CRON_TZ=Area/City `. Known are `*`, lists,
 * ranges, steps, and names of months and weekdays; not known are seconds, years, `L`, `W`, `#` and `@daily`.
 */
export function parseCron(expression: string): Cron {
  const [, timeZone = "UTC", plain = ""] = /^(?:CRON_TZ=(\S+)\s+)?(.*)$/.exec(expression.trim()) ?? [];
  const [minute, hour, day, month, weekday, ...rest] = plain.trim().split(/\s+/);
  if (
    minute === undefined ||
    hour === undefined ||
    day === undefined ||
    month === undefined ||
    weekday === undefined ||
    rest.length > 0
  ) {
    throw new InvalidCron("it needs exactly five fields");
  }
  const days = parseField(day, DAY);
  const weekdays = new Set([...parseField(weekday, WEEKDAY)].map((value) => value % 7));
  const eitherDay = !day.startsWith("*") && !weekday.startsWith("*");
  return {
    minutes: parseField(minute, MINUTE),
    hours: parseField(hour, HOUR),
    months: parseField(month, MONTH),
    // When both day fields are restricted, cron fires on days that match either.
    matchesDay: (moment) =>
      eitherDay
        ? days.has(moment.day) || weekdays.has(moment.weekday)
        : days.has(moment.day) && weekdays.has(moment.weekday),
    momentOf: momentReader(timeZone),
  };
}

/**
 * The first minute after `after` that the expression names. A local time that a clock change skips does not fire
 * that day; one that a clock change repeats fires twice.
 */
export function nextCronTime(cron: Cron, after: number): number {
  let time = Math.floor(after / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  for (let hours = 0; hours < HOURS_SEARCHED_MAX; hours++) {
    const moment = cron.momentOf(time);
    const minute = matchingMinute(cron, moment);
    if (minute !== undefined) return time + (minute - moment.minute) * MINUTE_MS;
    time += (60 - moment.minute) * MINUTE_MS;
  }
  throw new InvalidCron(`it names no time within ${YEARS_SEARCHED_MAX} years`);
}

/** The first matching minute in the rest of the moment's hour. */
function matchingMinute(cron: Cron, moment: Moment): number | undefined {
  if (!cron.months.has(moment.month) || !cron.matchesDay(moment) || !cron.hours.has(moment.hour))
    return undefined;
  for (let minute = moment.minute; minute < 60; minute++) {
    if (cron.minutes.has(minute)) return minute;
  }
  return undefined;
}

function parseField(text: string, field: Field): Set<number> {
  const values = new Set<number>();
  for (const part of text.toLowerCase().split(",")) {
    for (const value of parsePart(part, field)) values.add(value);
  }
  return values;
}

function parsePart(part: string, field: Field): number[] {
  const [, range = "", stepText] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
  const step = Number(stepText ?? 1);
  const [first, last] = parseRange(range, { field, stepped: stepText !== undefined });
  if (step < 1 || first > last) throw new InvalidCron(`"${part}" is no ${field.name}`);
  const values: number[] = [];
  for (let value = first; value <= last; value += step) values.push(value);
  return values;
}

function parseRange(range: string, context: { field: Field; stepped: boolean }): [number, number] {
  const { field, stepped } = context;
  if (range === "*") return [field.min, field.max];
  const [from = "", to, ...rest] = range.split("-");
  if (rest.length > 0) throw new InvalidCron(`"${range}" is no ${field.name}`);
  const first = parseValue(from, field);
  if (to !== undefined) return [first, parseValue(to, field)];
  return [first, stepped ? field.max : first];
}

function parseValue(text: string, field: Field): number {
  const word = field.words.indexOf(text);
  const value = word === -1 ? Number(/^\d+$/.test(text) ? text : Number.NaN) : word + field.min;
  if (!(value >= field.min && value <= field.max)) throw new InvalidCron(`"${text}" is no ${field.name}`);
  return value;
}

function momentReader(timeZone: string): (time: number) => Moment {
  if (timeZone === "UTC") return utcMoment;
  const format = dateFormat(timeZone);
  return (time) => {
    const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, value]));
    return {
      minute: Number(parts.get("minute")),
      hour: Number(parts.get("hour")),
      day: Number(parts.get("day")),
      month: Number(parts.get("month")),
      weekday: WEEKDAY.words.indexOf((parts.get("weekday") ?? "").toLowerCase()),
    };
  };
}

function dateFormat(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      minute: "numeric",
      hour: "numeric",
      day: "numeric",
      month: "numeric",
      weekday: "short",
    });
  } catch (fault) {
    if (fault instanceof RangeError) throw new InvalidCron(`"${timeZone}" is no time zone`);
    throw fault;
  }
}

function utcMoment(time: number): Moment {
  const date = new Date(time);
  return {
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
  };
}
