import { unit } from '../../jest.preset.mjs';

/** The long form takes minutes. Specs limit their own calls. */
export default { ...unit, testTimeout: 900_000 };
