import { deviceCrypto } from '../../../src/hal/device/index.ts';
import { cryptoContract } from '../../contract/crypto.ts';
import { cryptoAnswers } from '../../contract/crypto-answers.ts';

cryptoContract('device', deviceCrypto);
cryptoAnswers(deviceCrypto());
