import type { EmbeddedClickHouse } from '../embedded-clickhouse.js';

export type Login = Pick<EmbeddedClickHouse, 'url' | 'username' | 'password'>;

/** Runs a statement; throws the server's message where it fails. */
export async function ask(
  { url, username, password }: Login,
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
