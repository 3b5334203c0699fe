/** Put around matches by the index: characters of the private use area, which no escaping touches. */
export const matchMarks = { before: "\u{E000}", after: "\u{E001}" } as const;

/** Text with marked matches as HTML in which `<em>` is the only element, whatever the text says. */
export function highlightToHtml(marked: string): string {
  return escapeHtml(marked).replaceAll(matchMarks.before, "<em>").replaceAll(matchMarks.after, "</em>");
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
