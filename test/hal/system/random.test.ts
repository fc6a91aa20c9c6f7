import { systemRandom } from '../../../src/hal/system/random.ts';
import { randomContract } from '../../contract/random.ts';

randomContract('system', () => systemRandom);
