import { unit } from '../../jest.preset.mjs';

/** The long form takes minutes; that a call hangs is told by its own spec. */
export default { ...unit, testTimeout: 900_000 };
