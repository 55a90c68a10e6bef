import type { DeadLetter, DeadLetterStore } from '@quantumtrade/dal-domain';
import { summaryOf } from '@quantumtrade/dal-domain';

/** Dead letters in this process's memory, gone with the process. */
export function memoryDeadLetters(): DeadLetterStore {
  const letters = new Map<string, DeadLetter>();
  return {
    add: async (letter) => void letters.set(letter.block.id, letter),
    list: async () => [...letters.values()].map(summaryOf).sort((a, b) => a.at - b.at),
    get: async (id) => letters.get(id) ?? null,
    remove: async (id) => letters.delete(id),
  };
}
