import { type Html, html } from "../page.ts";
import type { Person } from "./people.ts";

/** Where a login may lead by redirects: the API, and then the shop's page, all on this machine. */
export const LOGIN_FORM_TARGETS = ["http://127.0.0.1:*", "http://localhost:*"];

/** A page on which one chooses who to be. The form goes to where the page is, with `person`, the fields or `cancel`. */
export function renderLogin(title: string, people: readonly Person[]): { title: string; body: Html } {
  const choices = people.map(
    ({ subject, name, email, emailVerified }) =>
      html`<li>
        <form class="row" method="post">
          <input type="hidden" name="person" value="${subject}" />
          <span>
            <strong>${name}</strong><br /><span class="quiet">
              ${email}${emailVerified ? "" : ", not verified"}</span
            >
          </span>
          <button>Sign in</button>
        </form>
      </li>`,
  );
  const body = html`<header>
      <div>
        <h1>${title}</h1>
        <p class="quiet">Who would you like to be? Nothing here leaves this machine.</p>
      </div>
    </header>
    <main>
      <ul class="rows">
        ${choices}
      </ul>
      <h2>Somebody else</h2>
      <form class="card" method="post">
        <label>E-mail <input type="email" name="email" required /></label>
        <label>Name <input name="name" /></label>
        <label>Verified <input type="checkbox" name="email_verified" value="true" checked /></label>
        <button>Sign in</button>
      </form>
      <h2>Or not</h2>
      <form method="post"><button name="cancel" value="true">Cancel</button></form>
    </main>`;
  return { title: `${title} · Tradewind identity`, body };
}
