import type { Mutant } from "./mutant.ts";
import { endedPaymentMutants } from "./ended-payment-mutants.ts";
import { orderMutants } from "./order-mutants.ts";
import { paymentMutants } from "./payment-mutants.ts";
import { refundMutants } from "./refund-mutants.ts";
import { secondPaymentMutants } from "./second-payment-mutants.ts";
import { stockMutants } from "./stock-mutants.ts";

/** Every seeded bug that the simulator is measured by. */
export const mutants: readonly Mutant[] = [
  ...stockMutants,
  ...orderMutants,
  ...paymentMutants,
  ...refundMutants,
  ...secondPaymentMutants,
  ...endedPaymentMutants,
];
