export { decodeSegment, encodeSegment, type Segment, type SegmentEntry } from './archive/segment.js';
