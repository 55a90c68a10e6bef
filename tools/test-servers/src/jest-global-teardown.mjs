export default async function tearDown() {
  for (const used of globalThis.usedByTests) await used.stop();
}
