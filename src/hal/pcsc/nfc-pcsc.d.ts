/** The package ships no types; what we use of it is in binding.ts. */
declare module 'nfc-pcsc';
