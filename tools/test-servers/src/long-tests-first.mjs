import Sequencer from '@jest/test-sequencer';

/** Starts the files first that use servers, processes or many random runs, so that short ones fill both workers to the end. */
export default class LongTestsFirst extends Sequencer {
  sort(tests) {
    const isLong = ({ path }) => Number(/\.(int|process|faults|model)\.spec\.ts$/.test(path));
    return super.sort(tests).toSorted((a, b) => isLong(b) - isLong(a));
  }
}
