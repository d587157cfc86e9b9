"""What other implementations say: the reference tree of Certificate Transparency, and signed notes."""

_LEAVES = ",00,10,2021,3031,40414243,5051525354555657,606162636465666768696a6b6c6d6e6f"
LEAVES = [bytes.fromhex(leaf) for leaf in _LEAVES.split(",")]
"""Leaves, hashes and proofs are those of the tests of github.com/transparency-dev/merkle."""

ROOTS = [
    bytes.fromhex(root)
    for root in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
"""Of the trees of the first 0 to 8 leaves."""

_HASHES = {
    node[:4]: bytes.fromhex(node)
    for node in (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
        "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    )
}


def _proofs(table: str) -> dict[tuple[int, int], list[bytes]]:
    """Of lines with two numbers, and the hashes by their first four digits."""
    rows = [line.split() for line in table.strip().splitlines()]
    return {(int(first), int(second)): [_HASHES[node] for node in proof] for first, second, *proof in rows}


INCLUSION = _proofs("""
0 1
0 2 96a2
1 2 6e34
0 3 96a2 0298
1 3 6e34 0298
2 3 fac5
0 4 96a2 5f08
1 4 6e34 5f08
2 4 0750 fac5
3 4 0298 fac5
0 5 96a2 5f08 bc1a
1 5 6e34 5f08 bc1a
2 5 0750 fac5 bc1a
3 5 0298 fac5 bc1a
4 5 d37e
0 6 96a2 5f08 0ebc
1 6 6e34 5f08 0ebc
2 6 0750 fac5 0ebc
3 6 0298 fac5 0ebc
4 6 4271 d37e
5 6 bc1a d37e
0 7 96a2 5f08 837d
1 7 6e34 5f08 837d
2 7 0750 fac5 837d
3 7 0298 fac5 837d
4 7 4271 b086 d37e
5 7 bc1a b086 d37e
6 7 0ebc d37e
0 8 96a2 5f08 6b47
1 8 6e34 5f08 6b47
2 8 0750 fac5 6b47
3 8 0298 fac5 6b47
4 8 4271 ca85 d37e
5 8 bc1a ca85 d37e
6 8 46f6 0ebc d37e
7 8 b086 0ebc d37e
""")
"""The proofs by index of the leaf and size of the tree, all there are."""

CONSISTENCY = _proofs("""
1 1
1 2 96a2
1 3 96a2 0298
1 4 96a2 5f08
1 5 96a2 5f08 bc1a
1 6 96a2 5f08 0ebc
1 7 96a2 5f08 837d
1 8 96a2 5f08 6b47
2 2
2 3 0298
2 4 5f08
2 5 5f08 bc1a
2 6 5f08 0ebc
2 7 5f08 837d
2 8 5f08 6b47
3 3
3 4 0298 0750 fac5
3 5 0298 0750 fac5 bc1a
3 6 0298 0750 fac5 0ebc
3 7 0298 0750 fac5 837d
3 8 0298 0750 fac5 6b47
4 4
4 5 bc1a
4 6 0ebc
4 7 837d
4 8 6b47
5 5
5 6 bc1a 4271 d37e
5 7 bc1a 4271 b086 d37e
5 8 bc1a 4271 ca85 d37e
6 6
6 7 0ebc b086 d37e
6 8 0ebc ca85 d37e
7 7
7 8 b086 46f6 0ebc d37e
8 8
""")
"""The proofs by the two sizes, all there are from 1 to 8."""

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
PETERS_TEXT = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.
"""
PETERS_NOTE = f"""\
{PETERS_TEXT}
— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""
ENOCHS_LINE = """\
— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=
"""
"""Of the tests of Go's golang.org/x/mod/sumdb/note."""

EXAMPLE = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = """\
This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
"""Of c2sp.org/signed-note."""

SUMDB = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUMDB_CHECKPOINT = """\
go.sum database tree
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— sum.golang.org Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""
"""That the checksum database of Go signed for its tree of 20,852,163 leaves."""
