import SpinDomain
