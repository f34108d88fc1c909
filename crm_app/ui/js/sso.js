// Out to an organization's identity provider: a full navigation, for a form's own way would end at another site.
import { createElement as h } from "react";

const leave = (event) => {
  event.preventDefault();
  const written = String(new FormData(event.currentTarget).get("slug") ?? "");
  // A whole address is fine, too: the name is its last part.
  const slug = written.trim().replace(/\/+$/, "").split(/[/=]/).pop();
  if (slug) window.location.assign(`/api/auth/sso/${encodeURIComponent(slug.toLowerCase())}`);
};

/** The form that asks for the organization. */
export const SsoForm = ({ children, ...props }) => h("form", { ...props, onSubmit: leave }, children);
