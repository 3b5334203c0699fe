/** The month of a moment in UTC as partitions are named: 2026_11. */
export function monthOf(moment: Date): string {
  return moment.toISOString().slice(0, 7).replace("-", "_");
}

/** The month so many after this one. */
export function nextMonth(month: string, ahead: number): string {
  const [year, number] = month.split("_").map(Number);
  return monthOf(new Date(Date.UTC(year ?? 0, (number ?? 1) - 1 + ahead, 1)));
}
