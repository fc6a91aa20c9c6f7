import './abort.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { start } from './start.ts';

/** A card with codes only. */
start(nobleHashes());
