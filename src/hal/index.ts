export * from './card-link.ts';
export * from './clock.ts';
export * from './crypto.ts';
export * from './errors.ts';
export * from './nvm.ts';
export * from './random.ts';
export * from './reader.ts';
export * from './serial-line.ts';
