"""Openings of a PN532's serial port as other programs make them; the bytes are those programs' own.

pn532-hosts.py PORT NAME: one line for each step, `step: bytes that came, in hex`. Only Python's own modules."""
import os, select, sys, termios, time

SPEEDS = {115200: termios.B115200, 921600: termios.B921600}
ACK = '0000ff00ff00'
WAKE = '5555' + '00' * 14


class Port:
    def __init__(self, path, baud):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.speed(baud)

    def speed(self, baud):
        attributes = termios.tcgetattr(self.fd)
        attributes[0] = attributes[1] = attributes[3] = 0
        attributes[2] = termios.CS8 | termios.CREAD | termios.CLOCAL
        attributes[4] = attributes[5] = SPEEDS[baud]
        termios.tcsetattr(self.fd, termios.TCSANOW, attributes)

    def forget(self):
        termios.tcflush(self.fd, termios.TCIFLUSH)

    def write(self, *parts, pause=0):
        for part in parts:
            os.write(self.fd, bytes.fromhex(part))
            termios.tcdrain(self.fd)
            time.sleep(pause)

    def read(self, length, seconds=1.0):
        got, end = b'', time.monotonic() + seconds
        while len(got) < length and select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
            got += os.read(self.fd, length - len(got))
        return got.hex()

    def close(self):
        os.close(self.fd)


def frame(payload):
    data = bytes.fromhex('d4' + payload)
    return bytes([0, 0, 0xff, len(data), -len(data) & 255, *data, -sum(data) & 255, 0]).hex()


def step(port, name, parts, length, pause=0):
    port.write(*parts, pause=pause)
    print(f'{name}: {port.read(length)}')


def nfcpy(path):
    """nfc/clf/pn532.py, init: version, SAM, speed; the port is opened anew at the new speed at once."""
    preamble = '00' * 10
    port = Port(path, 115200)
    step(port, 'version', [preamble + frame('02')], 6 + 13)
    step(port, 'sam', [preamble + '0000ff05fbd4140100001700'], 6 + 9)
    step(port, 'speed', [preamble + frame('1007')], 6 + 9)
    port.write(ACK)
    port.close()
    port = Port(path, 921600)
    time.sleep(0.001)
    step(port, 'version at 921600', [frame('02')], 6 + 13)
    port.close()


def hsu(path):
    """The HSU interface of the Arduino libraries: five bytes to wake it, then the version before anything else."""
    port = Port(path, 115200)
    port.write('5555000000', pause=0.01)
    port.forget()
    step(port, 'version', [frame('02')], 6 + 13)
    step(port, 'sam', [frame('14011401')], 6 + 9)
    port.close()


def adafruit(path):
    """Adafruit CircuitPython over UART: it wakes, configures the SAM with three bytes, then asks for the version."""
    port = Port(path, 115200)
    step(port, 'sam', ['5555' + '00' * 12 + frame('14011401')], 6 + 9)
    step(port, 'version', [frame('02')], 6 + 13)
    port.close()


def libnfc(path):
    """libnfc's pn532_uart: the wake-up and SAMConfiguration in one breath, then an echo."""
    port = Port(path, 115200)
    step(port, 'sam', [WAKE + frame('1401')], 6 + 9)
    step(port, 'echo', [frame('00006c69626e6663')], 6 + 16)
    port.close()


def rebaud(path):
    """Eight times up and down; the drained ACK is followed at once by the other speed, on the same descriptor or another."""
    followed = 0
    for turn in range(8):
        port = Port(path, 115200)
        port.forget()
        port.write(WAKE + frame('1401'))
        port.read(15)
        port.write(frame('1007'))
        port.read(15)
        port.write(ACK)
        if turn % 2:
            port.close()
            port = Port(path, 921600)
        else:
            port.speed(921600)
        time.sleep(0.002)
        port.forget()
        port.write(frame('02'))
        followed += port.read(19).startswith(ACK)
        port.write(frame('1004'))
        port.read(15)
        port.write(ACK)
        time.sleep(0.02)
        port.close()
    print(f'followed: {followed} of 8')


{'nfcpy': nfcpy, 'hsu': hsu, 'adafruit': adafruit, 'libnfc': libnfc, 'rebaud': rebaud}[sys.argv[2]](sys.argv[1])
