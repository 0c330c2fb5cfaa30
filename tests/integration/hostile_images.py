# SPDX-License-Identifier: Apache-2.0
"""hostile_images.py KIND FILE [ARGUMENT]: writes a layer's tar file that no builder would."""
import io
import sys
import tarfile
import zipfile

STATUS = b"Package: inner\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"


def add(tar, name, data=b"", kind=tarfile.REGTYPE, link="", mode=0o644):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size, info.mode = kind, link, len(data), mode
    tar.addfile(info, io.BytesIO(data))


def jar_bomb():
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as jar:
        with jar.open("META-INF/maven/a/b/pom.properties", "w", force_zip64=True) as entry:
            for _ in range(300):
                entry.write(bytes(1 << 20))
        jar.writestr("META-INF/maven/a/c/pom.properties", "groupId=a\nartifactId=c\nversion=1\n")
    for _ in range(12):  # deeper than anybody looks
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w") as jar:
            jar.writestr("lib/x.jar", inner.getvalue())
            jar.writestr("lib/y.jar", inner.getvalue()[: len(inner.getvalue()) // 2])
        inner = outer if len(outer.getvalue()) < (4 << 20) else inner
    return inner.getvalue()


def write(kind, tar, argument):
    good = {"up": "../../var/lib/dpkg/status", "inside-up": "var/../../lib/dpkg/status"}
    if kind in good:
        add(tar, good[kind], STATUS)
    elif kind == "link-out":  # to a folder of the machine that scans
        add(tar, "var/lib/dpkg", kind=tarfile.SYMTYPE, link="../../../../../../../.." + argument)
    elif kind == "absolute-link-out":
        add(tar, "var/lib/dpkg/status", kind=tarfile.SYMTYPE, link=argument + "/status")
    elif kind == "hard-link-out":
        add(tar, "var/lib/dpkg/status", kind=tarfile.LNKTYPE, link="../" + argument + "/status")
    elif kind == "ring":
        add(tar, "var/lib/a", kind=tarfile.SYMTYPE, link="b")
        add(tar, "var/lib/b", kind=tarfile.SYMTYPE, link="a")
        add(tar, "var/lib/dpkg", kind=tarfile.SYMTYPE, link="a")
    elif kind == "chain":
        add(tar, "var/lib/dpkg/status", kind=tarfile.SYMTYPE, link="0")
        for number in range(100):
            add(tar, f"var/lib/dpkg/{number}", kind=tarfile.SYMTYPE, link=str(number + 1))
    elif kind == "devices":
        for device in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE):
            add(tar, "var/lib/dpkg/status", kind=device)
    elif kind == "long-path":
        add(tar, "/".join(["a" * 200] * 30) + "/status", STATUS)
    elif kind == "words":  # that would steer a terminal
        add(tar, "etc/os-release", b'ID=lab\nPRETTY_NAME="\x1b[31mred\x07"\n')
        add(tar, "var/lib/dpkg/status", STATUS)
    elif kind == "many":
        for number in range(400000):
            add(tar, f"srv/{number}")
        add(tar, "var/lib/dpkg/status", STATUS)
    elif kind == "jars":
        add(tar, "srv/bomb.jar", jar_bomb())
        add(tar, "var/lib/dpkg/status", STATUS)
    elif kind == "programs":  # that say they are larger than anything
        head = b"\x7fELF\x02\x01\x01" + bytes(9)
        for number in range(32, 64):
            data = bytearray(head + bytes(4096))
            data[number : number + 8] = b"\xff" * 8
            add(tar, f"usr/bin/{number}", bytes(data), mode=0o755)
        add(tar, "var/lib/dpkg/status", STATUS)
    else:
        sys.exit(f"no such kind: {kind}")


def main():
    with tarfile.open(sys.argv[2], "w", format=tarfile.GNU_FORMAT) as tar:
        write(sys.argv[1], tar, sys.argv[3] if len(sys.argv) > 3 else "")


main()
