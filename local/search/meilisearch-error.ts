const STATUS_OF: Record<string, number> = {
  index_not_found: 404,
  document_not_found: 404,
  task_not_found: 404,
  batch_not_found: 404,
  api_key_not_found: 404,
  not_found: 404,
  method_not_allowed: 405,
  missing_authorization_header: 401,
  invalid_api_key: 403,
  index_already_exists: 409,
  api_key_already_exists: 409,
  payload_too_large: 413,
  invalid_content_type: 415,
  missing_content_type: 415,
  internal: 500,
  unavailable: 503,
};

const TYPE_OF: Record<string, string> = {
  missing_authorization_header: "auth",
  invalid_api_key: "auth",
  internal: "internal",
  unavailable: "internal",
};

/** Meilisearch's error as it goes over the wire and into the log of a task. */
export type ErrorBody = { message: string; code: string; type: string; link: string };

/** A refusal with one of Meilisearch's published error codes. */
export class MeilisearchError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "MeilisearchError";
    this.code = code;
  }

  get status(): number {
    return STATUS_OF[this.code] ?? 400;
  }

  toBody(): ErrorBody {
    return {
      message: this.message,
      code: this.code,
      type: TYPE_OF[this.code] ?? "invalid_request",
      link: `https://docs.meilisearch.com/errors#${this.code}`,
    };
  }
}

export function indexNotFound(uid: string): MeilisearchError {
  return new MeilisearchError("index_not_found", `Index \`${uid}\` not found.`);
}
