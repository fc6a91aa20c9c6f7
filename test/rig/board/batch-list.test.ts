import { describe, expect, it } from 'vitest';
import { parseBatchList } from '../../../rig/board/batch-list.ts';

describe('the list of a batch', () => {
  it.each([
    ['commas', 'serial,profile,port\nB1,vitale2,/dev/ttyUSB0\n'],
    ['semicolons and a byte order mark', '\uFEFFserial;profile;port\r\nB1;vitale2;/dev/ttyUSB0\r\n'],
    ['tabs, no line end', 'serial\tprofile\tport\nB1\tvitale2\t/dev/ttyUSB0'],
    [
      'quotes, empty lines, a comment',
      '# bench 3\n\n"serial","profile","port"\n\n"B1","vitale2","pn532:/dev/ttyUSB0"\n,,\n',
    ],
    ['other words in the heading', 'Serial Number,Profile,Port\nB1, vitale2 ,/dev/ttyUSB0\n'],
  ])('reads %s', (_, text) => {
    expect(parseBatchList(text, 'l.csv')).toMatchObject([
      { serialNumber: 'B1', profile: 'vitale2', image: null, port: '/dev/ttyUSB0', identity: null },
    ]);
  });

  it('keeps separators, quotes and line ends within quotes, and counts lines over them', () => {
    const rows = parseBatchList('serial,image\n"B,""1""",a.img\nB2,"b\nc.img"\nB3,d.img\n', 'l.csv');
    expect(rows.map(({ line, serialNumber, image }) => [line, serialNumber, image])).toEqual([
      [2, 'B,"1"', 'a.img'],
      [3, 'B2', 'b\nc.img'],
      [5, 'B3', 'd.img'],
    ]);
  });

  it.each([
    ['nothing', '', 'l.csv is empty: a list starts with the heading serial,profile,port'],
    ['only a heading', 'serial,port\n', 'l.csv has a heading and no boards'],
    [
      'a serial number of a card that is none',
      'serial,card\nB1,12345\n',
      'l.csv, line 2: “12345” is no serial number of a card: 1 to 16 bytes in hexadecimal',
    ],
    [
      'a serial number for the card of an image',
      'serial,image,card\nB1,a.img,9990\n',
      'l.csv, line 2: the card of an image has its serial number; the column card is for profiles',
    ],
    [
      'an unknown column',
      'serial,colour\nB1,red\n',
      'l.csv, line 1: no list has a column “colour”; columns are serial, profile, image, card, uid, port, identity',
    ],
    ['a column twice', 'serial,port,port\nB1,a,b\n', 'l.csv, line 1: the column port is there twice'],
    ['no serial numbers', 'port\n/dev/ttyUSB0\n', 'l.csv, line 1: the column serial is missing'],
    ['a row without one', 'serial,port\nB1,a\n,b\n', 'l.csv, line 3: the serial number is missing'],
    ['a row with too many fields', 'serial,port\nB1,a,c\n', 'l.csv, line 2: 3 fields where the heading has 2'],
    ['a number twice', 'serial,port\nB1,a\nB1,b\n', 'l.csv, line 3: serial number B1 stands in line 2 too'],
    ['a port twice', 'serial,port\nB1,a\nB2,a\n', 'l.csv, line 3: port a stands in line 2 too'],
    [
      'two cards',
      'serial,profile,image\nB1,x,y\n',
      'l.csv, line 2: profile and image name two cards; give one of them',
    ],
    ['an open quote', 'serial,port\n"B1,a\n', 'l.csv, line 2: a quotation mark is never closed'],
    [
      'something behind a quote',
      'serial,port\n"B1"x,a\n',
      'l.csv, line 2: something stands behind a closing quotation mark',
    ],
    [
      'control characters',
      'serial,port\nB\u00011,a\n',
      'l.csv, line 2: a serial number has 1 to 64 printable characters',
    ],
  ])('refuses %s', (_, text, sentence) => {
    expect(() => parseBatchList(text, 'l.csv')).toThrow(sentence);
  });
});
