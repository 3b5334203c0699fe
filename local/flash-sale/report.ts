import type { FlashSaleReport } from "./run-flash-sale.ts";

/** What went wrong, in words; empty when every unit and every payment is accounted for. */
export function faultsOf({ stock, captured, visits, journal, verdict }: FlashSaleReport): string[] {
  const faults = stock.flatMap(({ sku, units, sold, held }) => [
    ...(sold > units ? [`${sku} is oversold: ${sold} of ${units}`] : []),
    ...(sold < units ? [`${sku} is not sold out: ${sold} of ${units}`] : []),
    ...(held === 0 ? [] : [`${sku} has ${held} units stranded`]),
  ]);
  if (captured.payments !== captured.orders)
    faults.push(`${captured.payments} payments were taken for ${captured.orders} paid orders`);
  if (visits.unknown > 0) faults.push(`${visits.unknown} buyers never learnt the outcome`);
  if (journal.unexplained > 0) faults.push(`${journal.unexplained} claims in the journal are nobody's`);
  if (journal.missing > 0) faults.push(`${journal.missing} answered calls are not in the journal`);
  if (verdict.kind === "not linearizable") faults.push("the history is not linearizable");
  if (verdict.kind === "undecided") faults.push("the checker came to no verdict");
  return faults;
}

export function describeReport(report: FlashSaleReport): string {
  const { options, visits, stock, captured, orderMs, paidMs, seconds } = report;
  const ordersPerSecond = (options.buyers - visits.unknown) / seconds.ordering;
  const faults = faultsOf(report);
  const figures = {
    "flash sale": `${options.buyers} buyers, ${options.units} units, ${options.kills} kills of the Worker`,
    "orders answered": `${ordersPerSecond.toFixed(0)}/s in ${seconds.ordering.toFixed(1)} s, ${options.concurrency} buyers at a time`,
    "all settled": `after ${seconds.paying.toFixed(1)} s`,
    "order request": `p50 ${orderMs.p50.toFixed(0)} ms, p99 ${orderMs.p99.toFixed(0)} ms`,
    payment: `paid after p50 ${(paidMs.p50 / 1000).toFixed(1)} s, p99 ${(paidMs.p99 / 1000).toFixed(1)} s`,
    buyers: `${visits.paid} paid, ${visits.cancelled} cancelled, ${visits.refused} refused, ${visits.unknown} unknown`,
    "late buyers": `${report.late} paid for what cancellations left`,
    stock: stock.map(({ sold, units, held }) => `${sold} of ${units} sold, ${held} held`).join("; "),
    money: `${captured.payments} payments captured for ${captured.orders} paid orders`,
    history: `${report.history.operations.length} operations: ${describeVerdict(report)}`,
    faults: faults.length === 0 ? "none" : faults.join("; "),
  };
  return Object.entries(figures)
    .map(([name, figure]) => `${name.padEnd(16)} ${figure}`)
    .join("\n");
}

function describeVerdict({ verdict }: FlashSaleReport): string {
  return verdict.kind === "not checked" ? `not checked: ${verdict.reason}` : verdict.kind;
}
