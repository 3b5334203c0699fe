import { unprocessable } from "./failure.ts";
import type { Simulation } from "./simulation.ts";

/** An account takes each invoice id once, which guards against paying twice for one thing. */
export function requireUnusedInvoice(
  { store }: Simulation,
  orderId: string,
  invoiceId: string | undefined,
): void {
  if (invoiceId === undefined) return;
  const sameInvoice = [{ field: "invoiceId", operator: "=", value: invoiceId }] as const;
  const paid = [
    ...store.all("capture", sameInvoice).filter(({ status }) => status !== "DECLINED"),
    ...store.all("authorization", sameInvoice).filter(({ status }) => status !== "VOIDED"),
  ];
  if (paid.some((payment) => payment.orderId !== orderId)) {
    throw unprocessable("DUPLICATE_INVOICE_ID", { field: "/invoice_id", value: invoiceId });
  }
}
