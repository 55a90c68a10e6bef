import { jest } from '@jest/globals';

/** The long form takes minutes. Specs limit their own calls. */
jest.setTimeout(900_000);
