import type { Address } from '../../address.js';
import { systemError } from '../../errors.js';
import type { OptionCall, OptionPlan } from '../../options/plan.js';
import type { Transport } from '../../transport.js';
import { checkListenable, familyOf, isListening } from '../descriptor.js';
import type {
  ConnectionOwner,
  DialRequest,
  Engine,
  Listener,
  ListenerOwner,
  ListenRequest,
} from '../engine.js';
import type { NativeBinding } from './binding.js';
import { dial } from './dialer.js';
import { NativeListener } from './listener.js';
import { Loop } from './loop.js';
import { setOption } from './options.js';
import { decodeAddress, encodeAddress } from './sockaddr.js';

/** The engine on our own epoll loop: Linux, with the addon. */
export class NativeEngine implements Engine {
  readonly name = 'native';
  private readonly loop: Loop;

  constructor(native: NativeBinding) {
    this.loop = new Loop(native);
  }

  async listen(request: ListenRequest, owner: ListenerOwner): Promise<Listener> {
    const { loop } = this;
    const fd = request.fd === undefined ? this.bind(request) : this.adopt(request.fd, request.plan);
    try {
      return new NativeListener(
        loop,
        owner,
        request,
        fd,
        this.localAddress(fd),
        request.fd !== undefined && isListening(loop.native, fd),
      );
    } catch (thrown) {
      if (request.fd === undefined) loop.close(fd, false);
      throw thrown;
    }
  }

  dial(request: DialRequest, owner: ConnectionOwner): Promise<Transport> {
    return dial(this.loop, request, owner);
  }

  /** A bound socket with every option that must be there before it listens. */
  private bind(request: ListenRequest): number {
    const { loop } = this;
    const { native, c } = loop;
    const address = request.address!;
    const sockaddr = encodeAddress(address, c);
    const fd = native.socket(sockaddr.readUInt16LE(0));
    if (fd < 0) throw systemError(fd, 'socket', address);
    try {
      if (address.family !== 'unix') {
        if (request.reuseAddress)
          this.setFlag(fd, 'SO_REUSEADDR', c.SOL_SOCKET, c.SO_REUSEADDR, true);
        if (request.reusePort) this.setFlag(fd, 'SO_REUSEPORT', c.SOL_SOCKET, c.SO_REUSEPORT, true);
        if (address.family === 'IPv6') {
          this.setFlag(fd, 'IPV6_V6ONLY', c.IPPROTO_IPV6, c.IPV6_V6ONLY, request.ipv6Only);
        }
      }
      for (const call of request.plan.beforeBind) setOption(loop, fd, call);
      const failed = native.bind(fd, sockaddr);
      if (failed < 0) throw systemError(failed, 'listen', address);
      for (const call of request.plan.beforeListen) setOption(loop, fd, call);
    } catch (thrown) {
      loop.close(fd, false);
      throw thrown;
    }
    return fd;
  }

  private setFlag(fd: number, name: string, level: number, option: number, asked: boolean): void {
    const value = Buffer.alloc(4);
    value.writeInt32LE(asked ? 1 : 0);
    const call: OptionCall = { name, level, option, value, asked };
    setOption(this.loop, fd, call);
  }

  /** A listening or bound socket made elsewhere. */
  private adopt(fd: number, plan: OptionPlan): number {
    const { native } = this.loop;
    checkListenable(native, fd);
    for (const call of [...plan.beforeBind, ...plan.beforeListen]) setOption(this.loop, fd, call);
    const failed = native.adopt(fd);
    if (failed < 0) throw systemError(failed, 'fcntl');
    return fd;
  }

  familyOf(fd: number): Address['family'] {
    return familyOf(this.loop.native, fd);
  }

  private localAddress(fd: number) {
    const { native, c } = this.loop;
    const bytes = Buffer.alloc(c.SOCKADDR_UN_BYTES);
    const length = native.getsockname(fd, bytes);
    if (length < 0) throw systemError(length, 'getsockname');
    return decodeAddress(bytes.subarray(0, length), c);
  }
}
