/** Calls of the dashboard's API with the token of this tab. */

const KEY = 'qtdal.token';

/** A failed call, with the message of the service. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Takes a token from the fragment of the address, where `qtdal dashboard` puts it, and removes it there. */
export function takeTokenFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!token) return;
  setToken(token);
  history.replaceState(null, '', location.pathname + location.search);
}

/** @param {string} token */
export const setToken = (token) => sessionStorage.setItem(KEY, token);

/**
 * @param {string} path
 * @param {Record<string, string | undefined>} [query]
 * @returns {Promise<any>}
 */
export async function get(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  const search = new URLSearchParams(/** @type {[string, string][]} */ (given));
  const token = sessionStorage.getItem(KEY);
  const response = await fetch(`/dashboard/api/${path}?${search}`, {
    headers: token ? { authorization: `Bearer ${token}` } : {},
  });
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new ApiError(
    response.status,
    problem.detail ?? problem.title ?? `the service answers ${response.status}`,
  );
}
