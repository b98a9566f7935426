/** The trace that the package brings along, so that every flow can be tried without privileges. */
import path from 'node:path';

/** From dist/nodes/ to the package's root. */
export const RECORDED_EXAMPLE = path.resolve(__dirname, '../../../examples/life-of-a-process.trace.txt');
