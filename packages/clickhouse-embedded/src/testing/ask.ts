import type { EmbeddedClickHouse } from '../embedded-clickhouse.js';

export type ServerLogin = Pick<EmbeddedClickHouse, 'url' | 'username' | 'password'>;

/** Runs a statement. Throws the server's message when it fails. */
export async function ask(
  { url, username, password }: ServerLogin,
  sql: string,
  settings = '',
  signal?: AbortSignal,
): Promise<string> {
  const response = await fetch(`${url}/?${settings}`, {
    method: 'POST',
    body: sql,
    headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password },
    signal,
  });
  const text = (await response.text()).trim();
  if (!response.ok) throw new Error(text);
  return text;
}
