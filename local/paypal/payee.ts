import { LOCAL_CREDENTIALS } from "../credentials.ts";

/** The account that this simulator is run for. */
export const PAYEE = {
  email_address: "shop@payee.example",
  merchant_id: LOCAL_CREDENTIALS.paypalMerchantId,
};
