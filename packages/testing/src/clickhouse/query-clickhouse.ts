/** Address and user of a ClickHouse server. */
export interface ClickHouseLogin {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** Returns the login that a URL with credentials holds. */
export function loginOf(address: string): ClickHouseLogin {
  const { origin, username, password } = new URL(address);
  return {
    url: origin,
    username: decodeURIComponent(username) || 'default',
    password: decodeURIComponent(password),
  };
}

/** Runs a statement on a server without the data layer. Returns tab-separated values. Throws an error with the server's text. */
export async function queryClickHouse(
  { url, username, password }: ClickHouseLogin,
  sql: string,
  database = 'default',
): Promise<string> {
  const headers = { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password };
  const response = await fetch(`${url}/?database=${database}`, { method: 'POST', body: sql, headers });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}
