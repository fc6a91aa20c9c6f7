export * from './capability-container.ts';
export * from './content.ts';
export * from './message.ts';
export * from './ndef-error.ts';
