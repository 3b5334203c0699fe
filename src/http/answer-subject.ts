const subjects = new WeakMap<Request, string>();

/** Says what the answer to this very request is made of, such as a product's id, however it was called. */
export function noteSubject(request: Request, subject: string): void {
  subjects.set(request, subject);
}

export function subjectOf(request: Request): string | undefined {
  return subjects.get(request);
}
